package dev.asyncmysql.sample.deposit;

import java.net.URI;

import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.web.ErrorResponseException;

/**
 * Says which line of an upload is no deposit.
 */
final class InvalidLineException extends ErrorResponseException {

	private static final long serialVersionUID = 1L;

	InvalidLineException(long line, String reason, @Nullable Throwable cause) {
		super(HttpStatus.BAD_REQUEST, cause);
		setType(URI.create("urn:problem-type:invalid-line"));
		setTitle("Invalid line");
		setDetail("Line %d %s.".formatted(line, reason));
		getBody().setProperty("line", line);
	}

	InvalidLineException after(Receipt receipt) {
		getBody().setProperty("imported", receipt.imported());
		getBody().setProperty("duplicates", receipt.duplicates());
		return this;
	}

}
