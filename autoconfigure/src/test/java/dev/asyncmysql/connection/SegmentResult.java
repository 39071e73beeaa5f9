package dev.asyncmysql.connection;

import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;

import io.netty.util.AbstractReferenceCounted;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.ReferenceCounted;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

/**
 * A result that reads its segments as the driver does: rows are counted references that
 * each way of consumption releases, and what comes out of {@code flatMap} is merged.
 */
class SegmentResult implements Result {

	private final Flux<? extends Segment> segments;

	SegmentResult(Publisher<? extends Segment> segments) {
		this.segments = Flux.from(segments);
	}

	@Override
	public Mono<Long> getRowsUpdated() {
		return this.segments.<Long>handle((segment, sink) -> {
			ReferenceCountUtil.release(segment);
			if (segment instanceof UpdateCount count) {
				sink.next(count.value());
			}
		}).reduce(Long::sum);
	}

	@Override
	public <T> Flux<T> map(BiFunction<Row, RowMetadata, ? extends T> mapping) {
		return map((readable) -> mapping.apply((Row) readable, ((Row) readable).getMetadata()));
	}

	@Override
	public <T> Flux<T> map(Function<? super Readable, ? extends T> mapping) {
		return this.segments.handle((segment, sink) -> {
			if (segment instanceof RowSegment row) {
				try {
					sink.next(mapping.apply(row.row()));
				}
				finally {
					ReferenceCountUtil.release(segment);
				}
			}
		});
	}

	@Override
	public Result filter(Predicate<Segment> predicate) {
		return new SegmentResult(this.segments.filter((segment) -> {
			boolean passes = predicate.test(segment);
			if (!passes) {
				ReferenceCountUtil.release(segment);
			}
			return passes;
		}));
	}

	@Override
	public <T> Flux<T> flatMap(Function<Segment, ? extends Publisher<? extends T>> mapping) {
		return this.segments.flatMap((segment) -> Flux.<T>from(mapping.apply(segment))
			.doAfterTerminate(() -> ReferenceCountUtil.release(segment)));
	}

	/**
	 * A row that holds one number, until it is released.
	 */
	static final class Counted extends AbstractReferenceCounted implements Result.RowSegment, Row {

		private final int value;

		Counted(int value) {
			this.value = value;
		}

		@Override
		public Row row() {
			return this;
		}

		@Override
		public <T> T get(int index, Class<T> type) {
			assertThat(refCnt()).as("read while it is there").isPositive();
			return type.cast(this.value);
		}

		@Override
		public <T> T get(String name, Class<T> type) {
			return get(0, type);
		}

		@Override
		public RowMetadata getMetadata() {
			return mock();
		}

		@Override
		protected void deallocate() {
			// The count alone tells.
		}

		@Override
		public ReferenceCounted touch(Object hint) {
			return this;
		}

	}

	/**
	 * How many rows a statement has changed.
	 *
	 * @param value the number
	 */
	record Updated(long value) implements UpdateCount {

	}

}
