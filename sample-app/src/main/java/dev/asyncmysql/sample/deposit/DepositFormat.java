package dev.asyncmysql.sample.deposit;

import java.util.stream.Collectors;

import jakarta.validation.ConstraintViolation;
import jakarta.validation.Validator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Signal;
import reactor.core.publisher.SynchronousSink;
import reactor.util.function.Tuple2;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectReader;

import org.springframework.core.io.buffer.DataBufferLimitException;

/**
 * Turns lines of text into deposits, and names the first that is none.
 */
class DepositFormat {

	private static final String BYTE_ORDER_MARK = "\uFEFF";

	private final ObjectReader reader;

	private final String header;

	private final Validator validator;

	/**
	 * Create the format.
	 * @param reader reads a deposit from one line
	 * @param header what the first line may be, besides a deposit
	 * @param validator says whether a deposit is valid
	 */
	DepositFormat(ObjectReader reader, String header, Validator validator) {
		this.reader = reader;
		this.header = header;
		this.validator = validator;
	}

	Flux<Deposit> read(Flux<String> lines) {
		return lines.materialize().index().handle(this::read);
	}

	private void read(Tuple2<Long, Signal<String>> numbered, SynchronousSink<Deposit> sink) {
		long number = numbered.getT1() + 1;
		Throwable failure = numbered.getT2().getThrowable();
		String line = numbered.getT2().get();
		if (failure instanceof DataBufferLimitException) {
			sink.error(new InvalidLineException(number, "is too long", failure));
		}
		else if (failure != null) {
			sink.error(failure);
		}
		else if (line == null) {
			sink.complete();
		}
		else {
			read(number, (number == 1) ? withoutByteOrderMark(line) : line, sink);
		}
	}

	private void read(long number, String line, SynchronousSink<Deposit> sink) {
		if (!line.isBlank() && !(number == 1 && line.equals(this.header))) {
			sink.next(parse(number, line));
		}
	}

	private static String withoutByteOrderMark(String line) {
		return line.startsWith(BYTE_ORDER_MARK) ? line.substring(1) : line;
	}

	private Deposit parse(long number, String line) {
		Deposit deposit = deposit(number, line);
		String violations = this.validator.validate(deposit)
			.stream()
			.map(DepositFormat::describe)
			.sorted()
			.collect(Collectors.joining(", "));
		if (!violations.isEmpty()) {
			throw new InvalidLineException(number, "is not valid: " + violations, null);
		}
		return deposit;
	}

	private Deposit deposit(long number, String line) {
		JacksonException cause = null;
		try {
			Deposit deposit = this.reader.readValue(line);
			if (deposit != null) {
				return deposit;
			}
		}
		catch (JacksonException ex) {
			cause = ex;
		}
		throw new InvalidLineException(number, "cannot be read", cause);
	}

	private static String describe(ConstraintViolation<Deposit> violation) {
		return violation.getPropertyPath() + " " + violation.getMessage();
	}

}
