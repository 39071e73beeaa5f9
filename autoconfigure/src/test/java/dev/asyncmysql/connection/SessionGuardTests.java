package dev.asyncmysql.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyBoolean;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willReturn;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link SessionGuard}.
 */
@ExtendWith(OutputCaptureExtension.class)
class SessionGuardTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final List<String> commands = new ArrayList<>();

	private final AtomicBoolean autoCommit = new AtomicBoolean(true);

	private final Connection driver = mock();

	private final Server server = mock();

	private final SessionGuard guard = guard(Duration.ofSeconds(50), Duration.ZERO, true);

	SessionGuardTests() {
		given(this.driver.isAutoCommit()).willAnswer((invocation) -> this.autoCommit.get());
		given(this.driver.setAutoCommit(anyBoolean()))
			.willAnswer((invocation) -> command("autocommit " + invocation.getArgument(0)));
		given(this.driver.setTransactionIsolationLevel(any()))
			.willAnswer((invocation) -> command(((IsolationLevel) invocation.getArgument(0)).asSql()));
		given(this.driver.setLockWaitTimeout(any()))
			.willAnswer((invocation) -> command("lock wait " + invocation.getArgument(0)));
		given(this.driver.setStatementTimeout(any()))
			.willAnswer((invocation) -> command("statement " + invocation.getArgument(0)));
		given(this.server.prefix()).willReturn("c");
	}

	@Test
	void aSessionInWhichNothingHasChangedIsLeftAlone() {
		this.guard.text("SELECT * FROM book WHERE id = 1");
		assertThat(this.guard.isClean()).isTrue();
		restore(this.guard);
		assertThat(this.commands).isEmpty();
		assertThat(this.guard.isStained()).isFalse();
	}

	@Test
	void allThatTheDriverCanSetIsSetBackOnce() {
		this.autoCommit.set(false);
		this.guard.isolationChanged();
		assertThat(this.guard.isClean()).isFalse();
		this.guard.lockWaitTimeoutChanged();
		this.guard.statementTimeoutChanged(Duration.ofSeconds(1));
		restore(this.guard);
		assertThat(this.commands).containsExactly("autocommit true", "REPEATABLE READ", "lock wait PT50S",
				"statement PT0S");
		assertThat(this.guard.isClean()).isTrue();
		assertThat(this.guard.isStained()).isFalse();
		this.autoCommit.set(true);
		restore(this.guard);
		assertThat(this.commands).hasSize(4);
	}

	@Test
	void eachChangeAloneIsSeen() {
		SessionGuard lock = guard(Duration.ofSeconds(50), Duration.ZERO, true);
		lock.lockWaitTimeoutChanged();
		assertThat(lock.isClean()).isFalse();
		SessionGuard statement = guard(Duration.ofSeconds(50), Duration.ZERO, true);
		statement.statementTimeoutChanged(Duration.ofSeconds(1));
		assertThat(statement.isClean()).isFalse();
		SessionGuard stained = guard(Duration.ofSeconds(50), Duration.ZERO, true);
		stained.stain("something");
		assertThat(stained.isClean()).isFalse();
	}

	@Test
	void aSessionThatWasOpenedWithoutAutocommitKeepsItSo() {
		this.autoCommit.set(false);
		restore(guard(null, null, false));
		assertThat(this.commands).isEmpty();
	}

	@Test
	void aLimitWhoseFormerValueIsNotKnownStains() {
		SessionGuard lock = guard(null, Duration.ZERO, true);
		lock.lockWaitTimeoutChanged();
		restore(lock);
		assertThat(lock.isStained()).isTrue();
		SessionGuard statement = guard(Duration.ZERO, null, true);
		statement.statementTimeoutChanged(Duration.ofSeconds(1));
		restore(statement);
		assertThat(statement.isStained()).isTrue();
		assertThat(this.commands).isEmpty();
	}

	@Test
	void whatCannotBeRestoredStaysChanged() {
		willReturn(Mono.error(new IllegalStateException("broken"))).given(this.driver)
			.setTransactionIsolationLevel(any());
		this.guard.isolationChanged();
		StepVerifier.create(this.guard.restore()).expectErrorMessage("broken").verify(LIMIT);
		assertThat(this.guard.isClean()).isFalse();
	}

	@ParameterizedTest
	@ValueSource(strings = { "SET time_zone = '+01:00'", "USE other", "CREATE TEMPORARY TABLE t (id INT)",
			"SELECT GET_LOCK('a', 1)", "LOCK TABLES book WRITE", "SELECT 1; SET @a = 1", "PREPARE s FROM 'SELECT 1'" })
	void aTextThatChangesTheSessionStains(String sql) {
		this.guard.text(sql);
		assertThat(this.guard.isStained()).isTrue();
		restore(this.guard);
		assertThat(this.guard.isStained()).as("restored").isTrue();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void aProcedureStainsWhereProceduresAreNotTrusted(boolean distrusted) {
		given(this.server.distrustsProcedures()).willReturn(distrusted);
		this.guard.text("CALL count_books()");
		assertThat(this.guard.isStained()).isEqualTo(distrusted);
		this.guard.text("SET @a = 1");
		assertThat(this.guard.isStained()).isTrue();
	}

	@Test
	void whyAConnectionIsClosedIsToldOnceForAServerWithTheStartOfALongText(CapturedOutput output) {
		given(this.server.isFirstStain()).willReturn(true, false);
		this.guard.text("SET @a = " + "x".repeat(300));
		this.guard.tell();
		this.guard.tell();
		assertThat(output).containsOnlyOnce("A caller has changed its session")
			.contains("SET @a = " + "x".repeat(191) + "…. What all need is set once by c.session-variables")
			.doesNotContain("x".repeat(192));
	}

	@Test
	void whyAConnectionIsClosedIsToldInOneLineWithoutValues(CapturedOutput output) {
		given(this.server.isFirstStain()).willReturn(true);
		this.guard.text("SET @token = 's3cret',\n@`a\nb` = 4711");
		this.guard.tell();
		assertThat(output).contains("which costs a new one: SET @token = ?, @`a b` = ?. What all need")
			.doesNotContain("s3cret")
			.doesNotContain("4711");
	}

	private void restore(SessionGuard restored) {
		StepVerifier.create(restored.restore()).expectComplete().verify(LIMIT);
	}

	private Mono<Void> command(String command) {
		return Mono.fromRunnable(() -> this.commands.add(command));
	}

	private SessionGuard guard(@Nullable Duration lockWait, @Nullable Duration statement, boolean autoCommit) {
		return new SessionGuard(this.driver,
				new Session(7L, "a", null, lockWait, statement, IsolationLevel.REPEATABLE_READ, autoCommit),
				this.server);
	}

}
