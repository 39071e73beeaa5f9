package dev.asyncmysql.sample.account;

import java.net.URI;

import org.springframework.http.HttpStatus;
import org.springframework.web.ErrorResponseException;

/**
 * Says that an account is no longer as the client knew it.
 */
final class AccountChangedException extends ErrorResponseException {

	private static final long serialVersionUID = 1L;

	AccountChangedException(long id) {
		super(HttpStatus.PRECONDITION_FAILED);
		setType(URI.create("urn:problem-type:account-changed"));
		setTitle("Account changed");
		setDetail("Account %d has changed since it was read; read it again.".formatted(id));
	}

}
