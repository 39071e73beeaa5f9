package dev.asyncmysql.connection;

import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.r2dbc.spi.Connection;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Where a connection was taken: the code that called for it, and the checkpoints of the
 * operators that wait for it. The code is on the stack only where it makes the call
 * itself; where an operator of Reactor or Spring does so later, the checkpoints tell:
 * Spring sets them for each SQL text, handler and HTTP request, and code may set its own.
 */
final class CallSite {

	private static final int FRAMES = 5;

	private static final int STEPS = 10;

	/** What Reactor calls an operator with, that has a description or a place in code. */
	private static final Pattern STEP = Pattern.compile("^checkpoint\\(| ⇢ at ");

	/** What calls on behalf of others. */
	private static final List<String> GO_BETWEENS = List.of("java.", "javax.", "jdk.", "sun.", "kotlin.", "kotlinx.",
			"reactor.", "org.reactivestreams.", "io.netty.", "io.r2dbc.", "io.asyncer.", "io.micrometer.",
			"org.springframework.", CallSite.class.getName(), GuardedPool.class.getName());

	private final List<String> frames;

	private final List<String> steps;

	private final String thread = Thread.currentThread().getName();

	private CallSite(List<String> frames, Stream<String> steps) {
		this.frames = frames;
		this.steps = steps.filter(STEP.asPredicate()).distinct().limit(STEPS).toList();
	}

	/**
	 * Note the call site of each connection that a source lends.
	 * @param source the source
	 * @return the source for this call alone
	 */
	static Mono<Connection> note(Mono<Connection> source) {
		List<String> frames = frames();
		return source.transform(Operators.<Connection, Connection>lift((scannable, actual) -> {
			Scannable first = Scannable.from(actual);
			Stream<String> steps = Stream.concat(Stream.of(first), first.actuals()).map(Scannable::stepName);
			return new Noting(actual, new CallSite(frames, steps));
		}));
	}

	private static List<String> frames() {
		return StackWalker.getInstance()
			.walk((stack) -> stack.filter(Predicate.not((frame) -> isGoBetween(frame.getClassName())))
				.limit(FRAMES)
				.map(Object::toString)
				.toList());
	}

	private static boolean isGoBetween(String type) {
		return type.contains("$$") || GO_BETWEENS.stream().anyMatch(type::startsWith);
	}

	@Override
	public String toString() {
		if (this.frames.isEmpty() && this.steps.isEmpty()) {
			return "on thread " + this.thread + ", by operators without a checkpoint()";
		}
		return Stream.of(prefixed("at ", " < ", this.frames), prefixed("for ", ", ", this.steps))
			.filter(Predicate.not(String::isEmpty))
			.collect(Collectors.joining(", "));
	}

	private static String prefixed(String prefix, String separator, List<String> parts) {
		return parts.isEmpty() ? "" : prefix + String.join(separator, parts);
	}

	/**
	 * Hands the call site to the connection as it passes.
	 */
	private record Noting(CoreSubscriber<? super Connection> actual,
			CallSite callSite) implements CoreSubscriber<Connection>, Scannable {

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.actual.onSubscribe(subscription);
		}

		@Override
		public void onNext(Connection connection) {
			((LentConnection) connection).takenBy(this.callSite);
			this.actual.onNext(connection);
		}

		@Override
		public void onError(Throwable ex) {
			this.actual.onError(ex);
		}

		@Override
		public void onComplete() {
			this.actual.onComplete();
		}

		@Override
		@SuppressWarnings("rawtypes")
		public @Nullable Object scanUnsafe(Attr key) {
			return (key == Attr.ACTUAL) ? this.actual : null;
		}

	}

}
