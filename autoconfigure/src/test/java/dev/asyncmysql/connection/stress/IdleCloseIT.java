package dev.asyncmysql.connection.stress;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import dev.asyncmysql.RequiresMySql;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A server that closes connections which are idle for some seconds disturbs no caller.
 */
@RequiresMySql
class IdleCloseIT {

	private static final int POOL = 10;

	@AfterEach
	void asBefore() {
		Mysqld.shared().execute("SET GLOBAL wait_timeout = DEFAULT");
	}

	@EachWiring("5. The server closes what is idle, and 100 queries follow")
	void noQueryMeetsAConnectionThatTheServerClosed(Setup setup) {
		int limit = Stress.size(2, 5);
		Duration idle = Duration.ofSeconds(Stress.size(5, 20));
		Mysqld.shared().execute("SET GLOBAL wait_timeout = " + limit);
		try (Wired wired = setup.open(Mysqld.shared(), Map.of("pool.max-size", POOL))) {
			wired.warm();
			long start = System.nanoTime();
			Awaitility.await()
				.atMost(Stress.LIMIT)
				.pollInterval(Duration.ofMillis(200))
				.until(() -> System.nanoTime() - start > idle.toNanos());
			List<String> failures = new ArrayList<>();
			for (int marker = 0; marker < 100; marker++) {
				Integer answer = wired.client()
					.sql("SELECT " + marker)
					.mapValue(Integer.class)
					.one()
					.onErrorResume((ex) -> {
						failures.add(ex.toString());
						return Mono.empty();
					})
					.block(Stress.LIMIT);
				if (failures.isEmpty()) {
					assertThat(answer).isEqualTo(marker);
				}
			}
			assertThat(failures).as("failures of queries").isEmpty();
		}
	}

}
