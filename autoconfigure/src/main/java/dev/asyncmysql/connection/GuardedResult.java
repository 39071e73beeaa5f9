package dev.asyncmysql.connection;

import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;

import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A result that is read to its end whatever its consumer does. Once the consumer has
 * gone, none of its functions is called any more.
 */
final class GuardedResult implements Result {

	private final Result delegate;

	private final Consumption consumption;

	GuardedResult(Result delegate, Consumption consumption) {
		this.delegate = delegate;
		this.consumption = consumption;
	}

	@Override
	public Publisher<Long> getRowsUpdated() {
		Publisher<Long> source = this.delegate.getRowsUpdated();
		return new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super Long> actual) {
				GuardedResult.this.consumption.count(source, actual);
			}

		};
	}

	@Override
	public <T> Publisher<T> map(BiFunction<Row, RowMetadata, ? extends T> mapping) {
		return consume(this.delegate.<Object>map((row, metadata) -> {
			if (this.consumption.isOver()) {
				return Consumption.Failure.SKIPPED;
			}
			try {
				T value = mapping.apply(row, metadata);
				return (value != null) ? value : Consumption.Failure.noValue();
			}
			catch (Throwable ex) {
				return failure(ex);
			}
		}));
	}

	@Override
	public <T> Publisher<T> map(Function<? super Readable, ? extends T> mapping) {
		return consume(this.delegate.<Object>map((readable) -> {
			if (this.consumption.isOver()) {
				return Consumption.Failure.SKIPPED;
			}
			try {
				T value = mapping.apply(readable);
				return (value != null) ? value : Consumption.Failure.noValue();
			}
			catch (Throwable ex) {
				return failure(ex);
			}
		}));
	}

	// Where a failure is to be heard of, what passes brings it on, by SKIPPED.
	@Override
	public Result filter(Predicate<Segment> predicate) {
		return new GuardedResult(this.delegate.filter((told) -> {
			Segment segment = this.consumption.translated(told);
			if (this.consumption.isOver()) {
				return !this.consumption.isDropped();
			}
			try {
				return predicate.test(segment);
			}
			catch (Throwable ex) {
				this.consumption.filterFailed(failure(ex));
				return true;
			}
		}), this.consumption);
	}

	@Override
	public <T> Publisher<T> flatMap(Function<Segment, ? extends Publisher<? extends T>> mapping) {
		this.consumption.expectInner();
		return consume(this.delegate.<Object>flatMap((told) -> {
			Segment segment = this.consumption.translated(told);
			if (this.consumption.isOver()) {
				return Mono.just(Consumption.Failure.SKIPPED);
			}
			try {
				return this.consumption.inner(mapping.apply(segment));
			}
			catch (Throwable ex) {
				return Mono.just(failure(ex));
			}
		}));
	}

	// An exception that reached the driver would make it cancel itself.
	private static Consumption.Failure failure(Throwable ex) {
		Exceptions.throwIfJvmFatal(ex);
		return new Consumption.Failure(ex);
	}

	private <T> Flux<T> consume(Publisher<?> source) {
		return new Flux<>() {

			@Override
			public void subscribe(CoreSubscriber<? super T> actual) {
				GuardedResult.this.consumption.start(source, actual);
			}

		};
	}

	@Override
	public @Nullable String toString() {
		return this.delegate.toString();
	}

}
