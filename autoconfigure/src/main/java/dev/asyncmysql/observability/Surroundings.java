package dev.asyncmysql.observability;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What an application has beside its connection to MySQL.
 *
 * @param reactiveWeb whether it is a WebFlux application
 * @param blocking names of beans that reach a database by blocking calls
 * @param otherManagers names of reactive transaction managers, where none is a
 * {@code MySqlTransactionManager}
 * @param tracing whether requests are traced
 * @param proxy whether r2dbc-proxy is there to observe statements
 * @param nativeTransport whether Netty uses the operating system's own transport
 * @param operatingSystem name of the operating system
 * @param httpServer version of Reactor Netty, where it serves HTTP
 */
public record Surroundings(boolean reactiveWeb, List<String> blocking, List<String> otherManagers, boolean tracing,
		boolean proxy, boolean nativeTransport, String operatingSystem, @Nullable String httpServer) {

}
