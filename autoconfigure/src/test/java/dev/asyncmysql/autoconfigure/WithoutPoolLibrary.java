package dev.asyncmysql.autoconfigure;

import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;

import dev.asyncmysql.connection.Server;
import dev.asyncmysql.observability.MySqlHealthIndicator;

import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.util.ClassUtils;

/**
 * An application that is run in a JVM without r2dbc-pool and what it stands on.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class WithoutPoolLibrary {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	public static void main(String[] args) {
		String[] all = Stream
			.concat(Arrays.stream(args),
					Stream.of("--async-mysql.pool.enabled=false", "--spring.docker.compose.enabled=false",
							"--async-mysql.slow-query.threshold=0s", "--async-mysql.slow-query.explain=true",
							"--management.endpoints.web.exposure.include=asyncmysql,health,metrics"))
			.toArray(String[]::new);
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(WithoutPoolLibrary.class)
			.web(WebApplicationType.NONE)
			.run(all)) {
			System.out.println("Pool's library: " + ClassUtils.isPresent("reactor.pool.Pool", null));
			System.out.println("Answer: "
					+ context.getBean(DatabaseClient.class).sql("SELECT 4711 AS answer").fetch().one().block(LIMIT));
			System.out.println("Health: " + context.getBean(MySqlHealthIndicator.class)
				.health()
				.blockOptional(LIMIT)
				.orElseThrow()
				.getStatus());
			System.out.println("Variables: " + context.getBean(Server.class).variables(LIMIT).block(LIMIT));
		}
	}

}
