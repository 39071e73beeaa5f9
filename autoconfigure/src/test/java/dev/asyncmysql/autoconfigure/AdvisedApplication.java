package dev.asyncmysql.autoconfigure;

import java.util.Map;

import dev.asyncmysql.connection.Server;
import dev.asyncmysql.observability.Advisor;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/**
 * An application of its own JVM, which prints its connections and the advice on them.
 */
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration(AdviceAutoConfiguration.class)
public class AdvisedApplication {

	public static void main(String[] args) {
		try (ConfigurableApplicationContext context = StartedApplication.builder(AdvisedApplication.class).run(args)) {
			Server server = context.getBean(Server.class);
			server.connectionInfos().forEach(System.out::println);
			context.getBean(Advisor.class).advise(Map.of("max_connections", "151")).forEach(System.out::println);
		}
	}

}
