package dev.asyncmysql.autoconfigure;

import java.net.ConnectException;
import java.time.Duration;
import java.util.Objects;

import dev.asyncmysql.ConnectionSettings;
import dev.asyncmysql.connection.MySqlConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

import org.springframework.beans.factory.support.BeanDefinitionBuilder;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.mock;
import static org.mockito.BDDMockito.willAnswer;

/**
 * Tests for {@link ConnectionFailureAnalyzer}.
 */
class ConnectionFailureAnalyzerTests {

	private final MockEnvironment environment = new MockEnvironment().withProperty("async-mysql.host", "db.example")
		.withProperty("async-mysql.username", "shop");

	private final DefaultListableBeanFactory beans = new DefaultListableBeanFactory();

	@Test
	void tellsOfAFailureOfOurFactory() {
		Throwable failure = new IllegalStateException(
				new DataAccessResourceFailureException("Failed to obtain R2DBC Connection",
						failed(new R2dbcPermissionDeniedException("Access denied", "28000", 1045))));
		FailureAnalysis analysis = Objects.requireNonNull(analyzer().analyze(failure));
		assertThat(analysis.getDescription())
			.isEqualTo("MySQL at db.example:3306 refused the login: Access denied (error 1045)");
		assertThat(analysis.getAction()).contains("async-mysql.username");
		assertThat(analysis.getCause()).isSameAs(failure);
	}

	@Test
	void namesPropertiesAsTheUserWroteThem() {
		MockEnvironment boot = new MockEnvironment()
			.withProperty("spring.r2dbc.url", "r2dbc:mysql://shop@db.example/shop")
			.withProperty("spring.r2dbc.password", "geheim");
		FailureAnalysis analysis = Objects.requireNonNull(new ConnectionFailureAnalyzer(boot, this.beans)
			.analyze(failed(new R2dbcPermissionDeniedException("Access denied", "28000", 1045))));
		assertThat(analysis.getAction()).startsWith("Check spring.r2dbc.url and ");
		analysis = Objects.requireNonNull(new ConnectionFailureAnalyzer(boot, this.beans)
			.analyze(failed(new R2dbcPermissionDeniedException("Access denied (using password: NO)", "28000", 1045))));
		assertThat(analysis.getAction()).isEqualTo("Set spring.r2dbc.password: none was sent.");
	}

	@Test
	void namesAServiceConnectionWithoutCreatingIt() {
		this.beans.registerBeanDefinition("container",
				BeanDefinitionBuilder.genericBeanDefinition(R2dbcConnectionDetails.class, () -> {
					throw new AssertionError("created");
				}).getBeanDefinition());
		FailureAnalysis analysis = Objects
			.requireNonNull(analyzer().analyze(failed(new ConnectException("Connection refused"))));
		assertThat(analysis.getAction())
			.isEqualTo("Start the server, or correct the service connection's host and the service connection's port.");
	}

	@Test
	void leavesFailuresOfAnotherFactoryToOthers() {
		assertThat(analyzer().analyze(new DataAccessResourceFailureException("Failed to obtain R2DBC Connection",
				new ConnectException("Connection refused"))))
			.isNull();
		assertThat(analyzer().analyze(new R2dbcPermissionDeniedException("Access denied", "28000", 1045))).isNull();
		assertThat(analyzer().analyze(new IllegalStateException())).isNull();
	}

	private ConnectionFailureAnalyzer analyzer() {
		return new ConnectionFailureAnalyzer(this.environment, this.beans);
	}

	private Throwable failed(Throwable failure) {
		ConnectionFactory driver = mock();
		willAnswer((invocation) -> Mono.error(failure)).given(driver).create();
		ConnectionSettings settings = ConnectionSettings.bind(this.environment, "async-mysql");
		Mono.from(MySqlConnectionFactories.unpooled(MySqlConnectionFactories.server(settings, driver, "async-mysql"))
			.create()).as(StepVerifier::create).expectError().verify(Duration.ofSeconds(5));
		return failure;
	}

}
