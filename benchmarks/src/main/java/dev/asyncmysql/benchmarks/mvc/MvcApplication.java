package dev.asyncmysql.benchmarks.mvc;

import java.util.HashMap;
import java.util.Map;

import dev.asyncmysql.benchmarks.jdbc.JdbcFactory;
import dev.asyncmysql.benchmarks.load.VirtualThreads;
import dev.asyncmysql.benchmarks.peer.PeerFactory;
import dev.asyncmysql.benchmarks.process.Message;

import org.springframework.boot.Banner;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;

/**
 * The sample application's ledger on Spring MVC with virtual threads, JDBC and Spring
 * Data JDBC: the same SQL, the same checks of the input, and the actuator, which measures
 * each request, in both.
 */
@SpringBootApplication
public class MvcApplication {

	/**
	 * Start the application.
	 * @param args how to connect to the server, and the port for HTTP
	 */
	public static void main(String[] args) {
		VirtualThreads.require();
		Map<String, String> values = Message.parse(args[0]).values();
		Map<String, Object> properties = new HashMap<>(JdbcFactory.properties(PeerFactory.Target.of(values)));
		properties.put("server.port", values.getOrDefault("http", "8080"));
		properties.put("spring.threads.virtual.enabled", "true");
		properties.put("management.endpoints.web.exposure.include", "health,info,metrics,prometheus");
		new SpringApplicationBuilder(MvcApplication.class).bannerMode(Banner.Mode.OFF).properties(properties).run();
	}

}
