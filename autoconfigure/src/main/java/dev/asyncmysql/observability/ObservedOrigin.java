package dev.asyncmysql.observability;

import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationView;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.handler.TracingObservationHandler.TracingContext;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

import org.springframework.http.server.reactive.observation.ServerRequestObservationContext;
import org.springframework.util.ClassUtils;

/**
 * Tells from the observation in a caller's context which request a statement came from:
 * its method and route, and the identifier of its trace.
 */
public final class ObservedOrigin implements Function<ContextView, @Nullable String> {

	/** As {@code ObservationThreadLocalAccessor.KEY} has it. */
	private static final String KEY = "micrometer.observation";

	private static final boolean WEB = isPresent(
			"org.springframework.http.server.reactive.observation.ServerRequestObservationContext");

	private static final boolean TRACING = isPresent(
			"io.micrometer.tracing.handler.TracingObservationHandler$TracingContext");

	private static boolean isPresent(String name) {
		return ClassUtils.isPresent(name, ObservedOrigin.class.getClassLoader());
	}

	@Override
	public @Nullable String apply(ContextView context) {
		Object observation = context.getOrDefault(KEY, null);
		if (!(observation instanceof ObservationView view)) {
			return null;
		}
		String origin = Stream.of(WEB ? Web.route(view) : null, TRACING ? Tracing.trace(view) : null)
			.filter(Objects::nonNull)
			.collect(Collectors.joining(", "));
		return origin.isEmpty() ? null : origin;
	}

	/**
	 * Knows Spring WebFlux.
	 */
	private static final class Web {

		static @Nullable String route(@Nullable ObservationView observation) {
			ObservationView current = observation;
			while (current != null) {
				Observation.ContextView context = current.getContextView();
				if (context instanceof ServerRequestObservationContext request) {
					return route(request);
				}
				current = context.getParentObservation();
			}
			return null;
		}

		private static @Nullable String route(ServerRequestObservationContext request) {
			String pattern = request.getPathPattern();
			return (pattern != null && request.getCarrier() != null) ? request.getCarrier().getMethod() + " " + pattern
					: null;
		}

	}

	/**
	 * Knows Micrometer's tracing.
	 */
	private static final class Tracing {

		static @Nullable String trace(ObservationView observation) {
			TracingContext context = observation.getContextView().get(TracingContext.class);
			Span span = (context != null) ? context.getSpan() : null;
			return (span != null) ? "trace " + span.context().traceId() : null;
		}

	}

}
