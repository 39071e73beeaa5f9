package dev.asyncmysql.observability;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import dev.asyncmysql.ConnectionSettings.SlowQuery;
import dev.asyncmysql.MySqlServer;
import dev.asyncmysql.RequiresMySql;
import dev.asyncmysql.autoconfigure.AsyncMySqlAutoConfiguration;
import dev.asyncmysql.connection.Server;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.r2dbc.core.DatabaseClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The log of slow statements on a real MySQL, over more than one minute of its clock.
 */
@RequiresMySql
@ExtendWith(OutputCaptureExtension.class)
class SlowQueryLogIT {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final AtomicLong now = new AtomicLong();

	@Test
	void theFirstLineOfAMinuteTellsWhatTheLastHasWithheld(CapturedOutput output) {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(AsyncMySqlAutoConfiguration.class, R2dbcAutoConfiguration.class))
			.withPropertyValues(MySqlServer.properties())
			.run((context) -> {
				context.getBean(Server.class)
					.addListener(new SlowQueryLog(new SlowQuery(Duration.ZERO, false, 1, false), (caller) -> null, null,
							this.now::get));
				select(context, "first");
				select(context, "second");
				select(context, "third");
				assertThat(output).contains("SELECT ? AS first").doesNotContain("AS second").doesNotContain("AS third");
				this.now.addAndGet(Duration.ofMinutes(1).toNanos());
				select(context, "fourth");
				assertThat(output).containsPattern(
						"WARN .* SELECT \\? AS fourth \\(2 more were not logged, by slow-query.max-per-minute\\)\\R");
			});
	}

	private static void select(ApplicationContext context, String name) {
		assertThat(context.getBean(DatabaseClient.class).sql("SELECT 1 AS " + name).fetch().one().block(LIMIT))
			.isNotNull();
	}

}
