package dev.asyncmysql.sample.transfer;

import java.net.URI;

import org.springframework.http.HttpStatus;
import org.springframework.web.ErrorResponseException;

/**
 * Says that an account holds less than it was to pay.
 */
public final class OverdraftException extends ErrorResponseException {

	private static final long serialVersionUID = 1L;

	OverdraftException(Transfer transfer) {
		super(HttpStatus.CONFLICT);
		setType(URI.create("urn:problem-type:overdraft"));
		setTitle("Overdraft");
		setDetail("Account %d holds less than %s.".formatted(transfer.from(), transfer.amount()));
	}

}
