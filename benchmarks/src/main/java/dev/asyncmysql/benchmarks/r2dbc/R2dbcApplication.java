package dev.asyncmysql.benchmarks.r2dbc;

import java.time.Duration;
import java.util.Map;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactory;

import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/**
 * The application of each system that is reached through R2DBC: nothing but what Spring
 * Boot configures from properties and class path.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
class R2dbcApplication {

	private static final Duration WARM_UP = Duration.ofSeconds(30);

	static ConfigurableApplicationContext start(Map<String, Object> properties, Class<?>... more) {
		ConfigurableApplicationContext context = new SpringApplicationBuilder(R2dbcApplication.class).sources(more)
			.web(WebApplicationType.NONE)
			.bannerMode(Banner.Mode.OFF)
			.properties(properties)
			.run();
		// Boot's pool opens its first connections when it is asked for one.
		if (context.getBean(ConnectionFactory.class) instanceof ConnectionPool pool) {
			pool.warmup().block(WARM_UP);
		}
		return context;
	}

}
