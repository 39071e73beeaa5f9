package dev.asyncmysql.connection;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

import dev.asyncmysql.InvalidSettingsException;
import io.asyncer.r2dbc.mysql.MySqlConnectionFactoryProvider;
import io.netty.channel.Channel;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.TcpResources;

/**
 * The driver's factory, which attaches the channel of each connection to the {@link Wire}
 * in the subscriber's context. The driver shows a channel to its event loops alone, which
 * belong to a factory: so there is one factory for each connection that is being opened
 * at the same time, and they are used again.
 */
final class WiredDriver implements ConnectionFactory {

	/**
	 * How many event loops serve connections.
	 */
	static final Option<Integer> EVENT_LOOPS = Option.valueOf("eventLoops");

	private final ConnectionFactoryOptions options;

	private final Supplier<? extends LoopResources> loops;

	private final Placement placement;

	private final @Nullable LocalInfileFolder localInfile;

	private final boolean prepares;

	private final ConnectionFactoryMetadata metadata;

	private final Queue<Opener> openers = new ConcurrentLinkedQueue<>();

	/**
	 * Create the factory.
	 * @param options the driver's options, with all that others have set
	 * @throws InvalidSettingsException if the driver refuses them
	 */
	WiredDriver(ConnectionFactoryOptions options) {
		this.options = options;
		Object own = options.getValue(MySqlConnectionFactoryProvider.LOOP_RESOURCES);
		this.loops = (own instanceof LoopResources resources) ? () -> resources : TcpResources::get;
		this.placement = new Placement(eventLoops(options.getValue(EVENT_LOOPS), own != null));
		Object folder = options.getValue(MySqlConnectionFactoryProvider.ALLOW_LOAD_LOCAL_INFILE_IN_PATH);
		this.localInfile = (folder != null) ? new LocalInfileFolder(folder.toString()) : null;
		this.prepares = isOn(options.getValue(MySqlConnectionFactoryProvider.USE_SERVER_PREPARE_STATEMENT));
		Opener first = new Opener();
		this.metadata = first.factory.getMetadata();
		this.openers.add(first);
	}

	// Where a machine has less than four processors, Reactor Netty has more event loops:
	// then each finds less to do at a time, and asks the operating system more often.
	private static int eventLoops(@Nullable Object configured, boolean own) {
		if (configured instanceof Integer number) {
			return number;
		}
		return own ? Integer.MAX_VALUE : Runtime.getRuntime().availableProcessors();
	}

	// A predicate, or the name of its class, decides on statements without parameters
	// only.
	private static boolean isOn(@Nullable Object option) {
		return option != null && !option.toString().equalsIgnoreCase("false");
	}

	@Override
	public Mono<Connection> create() {
		return Mono.deferContextual((context) -> opener()
			.flatMap((opener) -> opener.open(context.<Wire>getOrEmpty(Wire.class).orElseGet(Wire::new))));
	}

	// The driver looks for extensions on the class path when a factory is made, which
	// blocks.
	private Mono<Opener> opener() {
		Opener free = this.openers.poll();
		return (free != null) ? Mono.just(free)
				: Mono.fromSupplier(Opener::new).subscribeOn(Schedulers.boundedElastic());
	}

	@Override
	public ConnectionFactoryMetadata getMetadata() {
		return this.metadata;
	}

	/**
	 * Opens one connection at a time.
	 */
	private final class Opener {

		private final ConnectionFactory factory;

		private volatile @Nullable Wire wire;

		private final Reservation reservation = new Reservation(WiredDriver.this.placement);

		Opener() {
			this.factory = create(WiredDriver.this.options.mutate()
				.option(MySqlConnectionFactoryProvider.LOOP_RESOURCES,
						new ObservedLoops(WiredDriver.this.loops, this.reservation::take, this::attach))
				.build());
		}

		private static ConnectionFactory create(ConnectionFactoryOptions options) {
			try {
				return new MySqlConnectionFactoryProvider().create(options);
			}
			catch (IllegalArgumentException | ArithmeticException ex) {
				InvalidSettingsException invalid = new InvalidSettingsException("async-mysql",
						"the driver refuses its options: " + ex.getMessage(),
						"Correct the option that the driver names.");
				invalid.initCause(ex);
				throw invalid;
			}
		}

		Mono<Connection> open(Wire wire) {
			this.wire = wire;
			return Mono.<Connection>from(this.factory.create()).doFinally(this::end);
		}

		// After a cancel the driver may still be at work, and what it makes belongs to
		// this wire: then the opener is not used again.
		private void end(SignalType signal) {
			if (signal == SignalType.CANCEL) {
				this.reservation.cancel();
			}
			else {
				this.reservation.end();
				this.wire = null;
				WiredDriver.this.openers.add(this);
			}
		}

		private void attach(Channel channel) {
			this.reservation.attach(channel);
			if (WiredDriver.this.localInfile != null) {
				channel.pipeline().addLast(new LocalInfileGuard.Installer(WiredDriver.this.localInfile));
			}
			if (WiredDriver.this.prepares) {
				StatementResets.install(channel);
			}
			Wire current = this.wire;
			if (current != null) {
				current.attach(channel);
			}
		}

	}

}
