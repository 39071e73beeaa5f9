package dev.asyncmysql.sample.account;

import java.net.URI;

import org.springframework.http.HttpStatus;
import org.springframework.web.ErrorResponseException;

/**
 * Says that an account does not exist.
 */
public final class UnknownAccountException extends ErrorResponseException {

	private static final long serialVersionUID = 1L;

	/**
	 * Create the exception.
	 * @param id the key that no account has
	 */
	public UnknownAccountException(long id) {
		super(HttpStatus.NOT_FOUND);
		setType(URI.create("urn:problem-type:unknown-account"));
		setTitle("Unknown account");
		setDetail("There is no account %d.".formatted(id));
	}

}
