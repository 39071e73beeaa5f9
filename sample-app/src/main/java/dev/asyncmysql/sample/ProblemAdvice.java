package dev.asyncmysql.sample;

import java.net.URI;
import java.util.Comparator;
import java.util.Set;
import java.util.stream.Stream;

import io.r2dbc.spi.R2dbcException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.context.MessageSourceResolvable;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.validation.method.ParameterValidationResult;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.bind.support.WebExchangeBindException;
import org.springframework.web.method.annotation.HandlerMethodValidationException;
import org.springframework.web.reactive.result.method.annotation.ResponseEntityExceptionHandler;
import org.springframework.web.server.ServerWebExchange;

/**
 * Reports failures as problem details (RFC 9457). Most exceptions bring theirs along;
 * here an invalid request gets a list of its fields, and a database that does not answer
 * or has no room for a number its own problem.
 */
@RestControllerAdvice
class ProblemAdvice extends ResponseEntityExceptionHandler {

	/**
	 * ER_WARN_DATA_OUT_OF_RANGE and ER_DATA_OUT_OF_RANGE. The driver has no exception of
	 * its own for them and leaves their SQL state out.
	 */
	private static final Set<Integer> OUT_OF_RANGE = Set.of(1264, 1690);

	@ExceptionHandler({ CannotCreateTransactionException.class, DataAccessResourceFailureException.class,
			TransientDataAccessException.class })
	ProblemDetail databaseFailed(Exception ex) {
		Throwable cause = findCause(ex);
		return (cause instanceof R2dbcException failure && OUT_OF_RANGE.contains(failure.getErrorCode())) ? outOfRange()
				: unavailable(cause);
	}

	// What lies below the driver's or the pool's exception says less than that does.
	private static Throwable findCause(Exception ex) {
		for (Throwable cause = ex; cause != null; cause = cause.getCause()) {
			if (cause instanceof R2dbcException) {
				return cause;
			}
		}
		return NestedExceptionUtils.getMostSpecificCause(ex);
	}

	private static ProblemDetail outOfRange() {
		ProblemDetail problem = ProblemDetail.forStatusAndDetail(HttpStatus.UNPROCESSABLE_CONTENT,
				"A balance would become larger than an account can hold.");
		problem.setType(URI.create("urn:problem-type:out-of-range"));
		problem.setTitle("Out of range");
		return problem;
	}

	private ProblemDetail unavailable(Throwable cause) {
		this.logger.warn("The database did not answer: " + cause);
		ProblemDetail problem = ProblemDetail.forStatusAndDetail(HttpStatus.SERVICE_UNAVAILABLE,
				"The database does not answer at the moment; try again later.");
		problem.setType(URI.create("urn:problem-type:database-unavailable"));
		problem.setTitle("Database unavailable");
		return problem;
	}

	@Override
	protected Mono<ResponseEntity<Object>> handleWebExchangeBindException(WebExchangeBindException ex,
			HttpHeaders headers, HttpStatusCode status, ServerWebExchange exchange) {
		describe(ex.getBody(), ex.getFieldErrors().stream().map((error) -> InvalidField.of(error.getField(), error)));
		return handleExceptionInternal(ex, null, headers, status, exchange);
	}

	@Override
	protected Mono<ResponseEntity<Object>> handleHandlerMethodValidationException(HandlerMethodValidationException ex,
			HttpHeaders headers, HttpStatusCode status, ServerWebExchange exchange) {
		describe(ex.getBody(), ex.getParameterValidationResults().stream().flatMap(InvalidField::allOf));
		return handleExceptionInternal(ex, null, headers, status, exchange);
	}

	private static void describe(ProblemDetail problem, Stream<InvalidField> fields) {
		problem.setType(URI.create("urn:problem-type:invalid-request"));
		problem.setTitle("Invalid request");
		problem.setDetail("Correct the fields that are listed in 'errors'.");
		problem.setProperty("errors", fields.sorted(Comparator.comparing(InvalidField::field)).toList());
	}

	/**
	 * What is wrong with one field.
	 *
	 * @param field its name
	 * @param message what it must be
	 */
	record InvalidField(String field, @Nullable String message) {

		static InvalidField of(@Nullable String field, MessageSourceResolvable error) {
			return new InvalidField((field != null) ? field : "", error.getDefaultMessage());
		}

		static Stream<InvalidField> allOf(ParameterValidationResult result) {
			String parameter = result.getMethodParameter().getParameterName();
			return result.getResolvableErrors().stream().map((error) -> of(parameter, error));
		}

	}

}
