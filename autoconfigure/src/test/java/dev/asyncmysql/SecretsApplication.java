package dev.asyncmysql;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.Set;

import javax.management.JMException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanOperationInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;

import io.r2dbc.spi.ConnectionFactory;
import reactor.core.publisher.Mono;

import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.r2dbc.OptionsCapableConnectionFactory;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.r2dbc.core.DatabaseClient;

/**
 * An application of its own JVM that starts and fails to start in many ways, with all
 * logging on, and prints whatever it can be made to tell. A JVM of its own, because the
 * driver asks only once whether debugging is on.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class SecretsApplication {

	private static final Set<String> READ_OPERATIONS = Set.of("environment", "configurationProperties", "beans",
			"health", "conditions", "listNames", "connections");

	private static final Properties GIVEN = new Properties();

	public static void main(String[] args) throws JMException, IOException {
		// Not from the environment, which an endpoint shows.
		GIVEN.load(System.in);
		String host = GIVEN.getProperty("SECRETS_HOST");
		String port = GIVEN.getProperty("SECRETS_PORT");
		String password = GIVEN.getProperty("SECRETS_PASSWORD");
		String encoded = URLEncoder.encode(password, StandardCharsets.UTF_8).replace("+", "%20");
		String server = host + ":" + port + "/" + GIVEN.getProperty("SECRETS_DATABASE");
		List<String> settings = List.of("async-mysql.host=" + host, "async-mysql.port=" + port,
				"async-mysql.database=" + GIVEN.getProperty("SECRETS_DATABASE"), "async-mysql.username=marked");
		String folder = GIVEN.getProperty("SECRETS_FOLDER");
		List<String> tls = List.of("async-mysql.ssl.ca=" + folder + "/ca.pem",
				"async-mysql.ssl.cert=" + folder + "/cert.pem", "async-mysql.ssl.key=" + folder + "/key.pem");
		succeed("properties", settings, tls, "async-mysql.password=" + password,
				"async-mysql.ssl.key-password=" + GIVEN.getProperty("SECRETS_KEY_PASSWORD"));
		succeed("url", List.of(), List.of(), "async-mysql.url=r2dbc:mysql://marked:" + encoded + "@" + server);
		succeed("spring.r2dbc", List.of(), List.of(), "spring.r2dbc.url=r2dbc:mysql://" + server,
				"spring.r2dbc.username=marked", "spring.r2dbc.password=" + password);
		succeed("spring.r2dbc.url", List.of(), List.of(),
				"spring.r2dbc.url=r2dbc:mysql://marked:" + encoded + "@" + server);
		succeed("token", settings, List.of(), "async-mysql.username=tokened", "test.token=SECRETS_TOKEN");
		succeed("away", settings, List.of(), "async-mysql.password=" + password, "async-mysql.port=1",
				"async-mysql.startup=lazy");
		fail("wrong password", settings, List.of(), "async-mysql.password=" + password + "-wrong");
		fail("wrong password in url", List.of(), List.of(),
				"async-mysql.url=r2dbc:mysql://marked:" + encoded + "-wrong@" + server);
		fail("wrong token", settings, List.of(), "test.token=SECRETS_TOKEN-wrong");
		fail("wrong key password", settings, tls, "async-mysql.password=" + password,
				"async-mysql.ssl.key-password=" + GIVEN.getProperty("SECRETS_KEY_PASSWORD") + "-wrong");
		fail("not encoded", List.of(), List.of(), "async-mysql.url=r2dbc:mysql://marked:" + password + "@" + server);
		fail("jdbc", List.of(), List.of(),
				"async-mysql.url=jdbc:mysql://marked:" + encoded + "@" + server + "?password=" + encoded);
		fail("misspelt option", List.of(), List.of(),
				"async-mysql.url=r2dbc:mysql://marked@" + server + "?passwrod=" + encoded);
		fail("contradiction", List.of(), List.of(), "async-mysql.password=" + password + "-other",
				"async-mysql.url=r2dbc:mysql://marked:" + encoded + "@" + server);
		fail("scripts", settings, List.of(), "async-mysql.password=" + password, "async-mysql.port=1",
				"async-mysql.startup=lazy", "spring.sql.init.mode=always",
				"spring.sql.init.schema-locations=classpath:schema-it.sql");
		fail("waited in vain", settings, List.of(), "async-mysql.password=" + password, "async-mysql.port=1",
				"async-mysql.startup-timeout=1s");
	}

	private static void succeed(String name, List<String> settings, List<String> tls, String... more)
			throws JMException {
		System.out.println("=== " + name);
		try (ConfigurableApplicationContext context = run(settings, tls, more)) {
			if (!name.equals("away")) {
				context.getBean(DatabaseClient.class).sql("SELECT 1").then().block(Duration.ofSeconds(20));
			}
			for (String bean : context.getBeanDefinitionNames()) {
				System.out.println(bean + ": " + context.getBean(bean));
			}
			ConnectionSettings bean = context.getBean(ConnectionSettings.class);
			System.out.println(bean.ssl() + " " + bean.pool());
			System.out.println(context.getBean(R2dbcConnectionDetails.class).getConnectionFactoryOptions());
			System.out.println(OptionsCapableConnectionFactory.unwrapFrom(context.getBean(ConnectionFactory.class)));
			printMBeans();
		}
		System.out.println("=== " + name + " succeeded");
	}

	private static void fail(String name, List<String> settings, List<String> tls, String... more) {
		System.out.println("=== " + name);
		try {
			run(settings, tls, more).close();
			System.out.println("=== " + name + " succeeded");
		}
		catch (RuntimeException ex) {
			ex.printStackTrace(System.out);
			System.out.println("=== " + name + " failed");
		}
	}

	private static ConfigurableApplicationContext run(List<String> settings, List<String> tls, String... more) {
		List<String> arguments = new ArrayList<>(List.of("logging.level.root=DEBUG",
				"logging.level.dev.asyncmysql=TRACE", "logging.level.io.asyncer=TRACE", "logging.level.io.r2dbc=TRACE",
				"logging.level.reactor=TRACE", "logging.level.org.springframework=TRACE", "spring.jmx.enabled=true",
				"management.endpoints.jmx.exposure.include=*", "management.endpoint.health.show-details=always",
				"management.endpoint.env.show-values=always", "management.endpoint.configprops.show-values=always",
				"async-mysql.pool.register-jmx=true", "async-mysql.embedded.enabled=false",
				"spring.docker.compose.enabled=false"));
		arguments.addAll(settings);
		arguments.addAll(tls);
		for (String last : more) {
			arguments.removeIf((argument) -> argument.startsWith(last.substring(0, last.indexOf('=') + 1)));
			arguments.add(last);
		}
		return new SpringApplicationBuilder(SecretsApplication.class).web(WebApplicationType.NONE)
			.run(arguments.stream().map((argument) -> "--" + argument).toArray(String[]::new));
	}

	private static void printMBeans() throws JMException {
		MBeanServer server = ManagementFactory.getPlatformMBeanServer();
		for (ObjectName name : server.queryNames(null, null)) {
			if (!name.getDomain().startsWith("java") && !name.getDomain().startsWith("jdk")
					&& !name.getDomain().startsWith("com.sun")) {
				for (MBeanAttributeInfo attribute : server.getMBeanInfo(name).getAttributes()) {
					System.out.println(name + " " + attribute.getName() + ": "
							+ (attribute.isReadable() ? server.getAttribute(name, attribute.getName()) : "-"));
				}
				for (MBeanOperationInfo operation : server.getMBeanInfo(name).getOperations()) {
					if (READ_OPERATIONS.contains(operation.getName())) {
						String[] types = Arrays.stream(operation.getSignature())
							.map((parameter) -> parameter.getType())
							.toArray(String[]::new);
						System.out.println(name + " " + operation.getName() + ": "
								+ server.invoke(name, operation.getName(), new Object[types.length], types));
					}
				}
			}
		}
	}

	@Bean
	@ConditionalOnProperty("test.token")
	PasswordProvider passwordProvider(Environment environment) {
		String token = environment.getRequiredProperty("test.token");
		return () -> Mono.just(token.replace("SECRETS_TOKEN", GIVEN.getProperty("SECRETS_TOKEN")));
	}

}
