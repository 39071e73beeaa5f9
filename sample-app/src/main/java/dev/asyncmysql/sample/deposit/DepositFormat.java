package dev.asyncmysql.sample.deposit;

import java.util.Optional;
import java.util.stream.Collectors;

import jakarta.validation.ConstraintViolation;
import jakarta.validation.Validator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Signal;
import reactor.core.publisher.SynchronousSink;
import reactor.util.function.Tuple2;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectReader;

import org.springframework.web.server.ContentTooLargeException;

/**
 * Turns lines of text into deposits, and names the first that is none.
 */
class DepositFormat {

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
		if (failure instanceof ContentTooLargeException) {
			sink.error(new InvalidLineException(number, "is too long"));
		}
		else if (failure != null) {
			sink.error(failure);
		}
		else if (line == null) {
			sink.complete();
		}
		else if (!isEmpty(number, line)) {
			sink.next(parse(number, line));
		}
	}

	private boolean isEmpty(long number, String line) {
		return line.isBlank() || (number == 1 && line.equals(this.header));
	}

	private Deposit parse(long number, String line) {
		Deposit deposit = parse(line).orElseThrow(() -> new InvalidLineException(number, "cannot be read"));
		String violations = this.validator.validate(deposit)
			.stream()
			.map(DepositFormat::describe)
			.sorted()
			.collect(Collectors.joining(", "));
		if (!violations.isEmpty()) {
			throw new InvalidLineException(number, "is not valid: " + violations);
		}
		return deposit;
	}

	private Optional<Deposit> parse(String line) {
		try {
			return Optional.ofNullable(this.reader.readValue(line));
		}
		catch (JacksonException ex) {
			return Optional.empty();
		}
	}

	private static String describe(ConstraintViolation<Deposit> violation) {
		return violation.getPropertyPath() + " " + violation.getMessage();
	}

}
