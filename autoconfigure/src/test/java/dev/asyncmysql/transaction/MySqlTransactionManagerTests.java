package dev.asyncmysql.transaction;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

import dev.asyncmysql.UnknownOutcomeException;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.publisher.TestPublisher.Violation;
import reactor.test.util.RaceTestUtils;

import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.r2dbc.connection.ConnectionFactoryUtils;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionExecution;
import org.springframework.transaction.TransactionExecutionListener;
import org.springframework.transaction.reactive.TransactionSynchronization;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.withSettings;

/**
 * Tests for {@link MySqlTransactionManager} and its {@link Begin}: whatever moment a
 * caller goes at, the connection comes back once, and without a transaction.
 */
class MySqlTransactionManagerTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private static final int RACES = 2_000;

	private final Database database = new Database();

	private final MySqlTransactionManager manager = new MySqlTransactionManager(this.database, Duration.ZERO);

	private final TransactionalOperator operator = TransactionalOperator.create(this.manager);

	@Test
	void aTransactionThatEndsIsCommittedAndItsConnectionClosed() {
		StepVerifier.create(this.operator.transactional(Mono.just("done")))
			.then(this.database::lend)
			.then(this.database::begin)
			.expectNext("done")
			.expectComplete()
			.verify(LIMIT);
		assertThat(this.database.told()).isEqualTo("lent begun committed closed");
	}

	@Test
	void whatIsInsideFindsTheTransactionsConnection() {
		StepVerifier
			.create(this.operator.transactional(ConnectionFactoryUtils.getConnection(this.database)
				.map((connection) -> connection == this.database.connection)))
			.then(this.database::lend)
			.then(this.database::begin)
			.expectNext(true)
			.expectComplete()
			.verify(LIMIT);
		assertThat(this.database.told()).isEqualTo("lent begun committed closed");
	}

	@Test
	void aCancelBeforeThereIsAConnectionEndsTheWait() {
		this.operator.transactional(Mono.never()).subscribe().dispose();
		assertThat(this.database.waiting.wasCancelled()).isTrue();
		assertThat(this.database.told()).isEmpty();
	}

	@Test
	void aConnectionThatComesAfterTheCancelIsClosed() {
		this.operator.transactional(Mono.never()).subscribe().dispose();
		this.database.lend();
		assertThat(this.database.told()).isEqualTo("lent closed");
	}

	@Test
	void aCancelDuringTheBeginLetsItEndAndGivesTheConnectionBack() {
		Disposable caller = this.operator.transactional(Mono.never()).subscribe();
		this.database.lend();
		caller.dispose();
		assertThat(this.database.told()).isEqualTo("lent");
		this.database.begin();
		assertThat(this.database.told()).isEqualTo("begun rolled-back closed");
	}

	@Test
	void aCancelDuringTheBeginWhoseRollbackFailsGivesTheConnectionBackToo() {
		this.database.rollbackFailure = new IllegalStateException("no rollback");
		Disposable caller = this.operator.transactional(Mono.never()).subscribe();
		this.database.lend();
		caller.dispose();
		this.database.begin();
		assertThat(this.database.told()).isEqualTo("lent begun closed");
	}

	@Test
	void aCancelDuringABeginThatFailsClosesTheConnectionOnce() {
		Disposable caller = this.operator.transactional(Mono.never()).subscribe(null, (ex) -> {
		});
		this.database.lend();
		caller.dispose();
		this.database.begin(new IllegalStateException("no begin"));
		assertThat(this.database.told()).isEqualTo("lent closed");
	}

	@Test
	void aBeginThatFailsIsToldAndClosesTheConnectionOnce() {
		StepVerifier.create(this.operator.transactional(Mono.never()))
			.then(this.database::lend)
			.then(() -> this.database.begin(new IllegalStateException("no begin")))
			.expectErrorMessage("Could not open R2DBC Connection for transaction")
			.verify(LIMIT);
		assertThat(this.database.told()).isEqualTo("lent closed");
	}

	@Test
	void aCancelOfTheWorkRollsBackOnce() {
		Disposable caller = this.operator.transactional(Mono.never()).subscribe();
		this.database.lend();
		this.database.begin();
		caller.dispose();
		assertThat(this.database.told()).isEqualTo("lent begun rolled-back closed");
	}

	@Test
	void aListenerThatFailsCostsNoConnection() {
		this.manager.setTransactionExecutionListeners(
				List.of(new Failing(), this.manager.getTransactionExecutionListeners().iterator().next()));
		StepVerifier.create(this.operator.transactional(Mono.never()))
			.then(this.database::lend)
			.then(this.database::begin)
			.expectErrorMessage("listener")
			.verify(LIMIT);
		assertThat(this.database.told()).isEqualTo("lent begun rolled-back closed");
	}

	@Test
	void otherListenersMayTakeThePlaceOfAll() {
		this.manager.setTransactionExecutionListeners(List.of());
		StepVerifier.create(this.operator.transactional(Mono.just("done")))
			.then(this.database::lend)
			.then(this.database::begin)
			.expectNext("done")
			.expectComplete()
			.verify(LIMIT);
		assertThat(this.database.told()).isEqualTo("lent begun committed closed");
		Disposable caller = this.operator.transactional(Mono.never()).subscribe();
		this.database.lend();
		caller.dispose();
		this.database.begin();
		assertThat(this.database.told()).isEqualTo("lent begun rolled-back closed");
	}

	@Test
	void aNestedTransactionIsASavepoint() {
		DefaultTransactionDefinition nested = new DefaultTransactionDefinition();
		nested.setPropagationBehavior(TransactionDefinition.PROPAGATION_NESTED);
		StepVerifier
			.create(this.operator
				.transactional(TransactionalOperator.create(this.manager, nested).transactional(Mono.just("done"))))
			.then(this.database::lend)
			.then(this.database::begin)
			.expectNext("done")
			.expectComplete()
			.verify(LIMIT);
		assertThat(this.database.told()).isEqualTo("lent begun savepoint released committed closed");
	}

	@Test
	void aCommitOfUnknownOutcomeIsNotToldAsARollback() {
		UnknownOutcomeException unknown = new UnknownOutcomeException("lost", null);
		this.database.commitFailure = unknown;
		List<String> told = new ArrayList<>();
		this.manager.addListener(new Ends(told));
		Mono<Void> work = TransactionSynchronizationManager.forCurrentTransaction()
			.doOnNext((manager) -> manager.registerSynchronization(new Completion(told)))
			.then();
		StepVerifier.create(this.operator.transactional(work))
			.then(this.database::lend)
			.then(this.database::begin)
			.expectErrorSatisfies(
					(ex) -> assertThat(ex).isInstanceOf(DataAccessResourceFailureException.class).hasCause(unknown))
			.verify(LIMIT);
		assertThat(told).containsExactly("completed " + TransactionSynchronization.STATUS_UNKNOWN,
				"rolled back: DataAccessResourceFailureException");
		assertThat(this.database.told()).isEqualTo("lent begun rolled-back closed");
	}

	@Test
	void aCommitThatFailsOtherwiseIsRolledBack() {
		this.database.commitFailure = new R2dbcNonTransientResourceException("no commit");
		List<String> told = new ArrayList<>();
		this.manager.addListener(new Ends(told));
		StepVerifier.create(this.operator.transactional(Mono.just("done")))
			.then(this.database::lend)
			.then(this.database::begin)
			.expectError(DataAccessResourceFailureException.class)
			.verify(LIMIT);
		assertThat(told).containsExactly("rolled back: null");
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aRaceOfCancelAndBeginLosesNothing(boolean ends) {
		for (int race = 0; race < RACES; race++) {
			Disposable caller = this.operator.transactional(ends ? Mono.just("done") : Mono.never()).subscribe();
			this.database.lend();
			RaceTestUtils.race(caller::dispose, this.database::begin);
			assertThat(this.database.told()).isIn("lent begun rolled-back closed",
					ends ? "lent begun committed closed" : "");
		}
	}

	@Test
	void aRaceOfCancelAndConnectionLosesNothing() {
		for (int race = 0; race < RACES; race++) {
			Disposable caller = this.operator.transactional(Mono.never()).subscribe();
			RaceTestUtils.race(caller::dispose, this.database::lend);
			this.database.begin();
			assertThat(this.database.told()).isIn("lent closed", "lent begun rolled-back closed");
		}
	}

	/** A database whose answers the test gives. */
	private static final class Database implements ConnectionFactory {

		private final StringBuffer told = new StringBuffer();

		// Delivers although it was cancelled, as any may that is cancelled meanwhile.
		private volatile TestPublisher<Connection> waiting = TestPublisher.create();

		private final AtomicReference<@Nullable MonoSink<Void>> beginning = new AtomicReference<>();

		private final Connection connection = mock(Connection.class, withSettings().stubOnly());

		private volatile @Nullable RuntimeException commitFailure;

		private volatile @Nullable RuntimeException rollbackFailure;

		Database() {
			given(this.connection.beginTransaction(any()))
				.willAnswer((invocation) -> Mono.<Void>create((sink) -> this.beginning.set(sink)));
			given(this.connection.commitTransaction()).willAnswer((invocation) -> {
				RuntimeException failure = this.commitFailure;
				return (failure != null) ? Mono.error(failure) : tell("committed");
			});
			given(this.connection.rollbackTransaction()).willAnswer((invocation) -> {
				RuntimeException failure = this.rollbackFailure;
				return (failure != null) ? Mono.error(failure) : tell("rolled-back");
			});
			given(this.connection.createSavepoint(any())).willAnswer((invocation) -> tell("savepoint"));
			given(this.connection.releaseSavepoint(any())).willAnswer((invocation) -> tell("released"));
			given(this.connection.isAutoCommit()).willReturn(true);
			given(this.connection.close()).willAnswer((invocation) -> tell("closed"));
		}

		private Mono<Void> tell(String what) {
			return Mono.fromRunnable(() -> this.told.append(what).append(' '));
		}

		@Override
		public Mono<Connection> create() {
			this.waiting = TestPublisher.createNoncompliant(Violation.DEFER_CANCELLATION);
			return this.waiting.mono();
		}

		void lend() {
			this.told.append("lent ");
			this.waiting.emit(this.connection);
		}

		void begin() {
			MonoSink<Void> sink = this.beginning.getAndSet(null);
			if (sink != null) {
				this.told.append("begun ");
				sink.success();
			}
		}

		void begin(Throwable failure) {
			MonoSink<Void> sink = this.beginning.getAndSet(null);
			assertThat(sink).isNotNull();
			sink.error(failure);
		}

		String told() {
			String all = this.told.toString().trim();
			this.told.setLength(0);
			return all;
		}

		@Override
		public ConnectionFactoryMetadata getMetadata() {
			return () -> "test";
		}

	}

	/** Fails as soon as a transaction has begun. */
	private static final class Failing implements TransactionExecutionListener {

		@Override
		public void afterBegin(TransactionExecution transaction, @Nullable Throwable failure) {
			throw new IllegalStateException("listener");
		}

	}

	/** Writes down how a transaction ends. */
	private record Ends(List<String> told) implements TransactionExecutionListener {

		@Override
		public void afterCommit(TransactionExecution transaction, @Nullable Throwable failure) {
			this.told.add("committed: " + name(failure));
		}

		@Override
		public void afterRollback(TransactionExecution transaction, @Nullable Throwable failure) {
			this.told.add("rolled back: " + name(failure));
		}

		private static String name(@Nullable Throwable failure) {
			return (failure != null) ? failure.getClass().getSimpleName() : "null";
		}

	}

	/** Writes down the status at the end of a transaction. */
	private record Completion(List<String> told) implements TransactionSynchronization {

		@Override
		public Mono<Void> afterCompletion(int status) {
			return Mono.fromRunnable(() -> this.told.add("completed " + status));
		}

	}

}
