package dev.asyncmysql.sample.account;

import java.net.URI;

import org.springframework.http.HttpStatus;
import org.springframework.web.ErrorResponseException;

/**
 * Says that a change has to name the version that it is made to.
 */
final class VersionRequiredException extends ErrorResponseException {

	private static final long serialVersionUID = 1L;

	VersionRequiredException() {
		super(HttpStatus.PRECONDITION_REQUIRED);
		setType(URI.create("urn:problem-type:version-required"));
		setTitle("Version required");
		setDetail("Send the account's ETag as If-Match.");
	}

}
