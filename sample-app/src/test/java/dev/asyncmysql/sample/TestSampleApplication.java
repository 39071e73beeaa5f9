package dev.asyncmysql.sample;

import org.springframework.boot.SpringApplication;

/**
 * Starts the ledger on MySQL in a container, by {@code spring-boot:test-run}.
 */
public final class TestSampleApplication {

	private TestSampleApplication() {
	}

	/**
	 * Start the application.
	 * @param args command-line arguments
	 */
	public static void main(String[] args) {
		SpringApplication.from(SampleApplication::main).with(MySqlContainerConfiguration.class).run(args);
	}

}
