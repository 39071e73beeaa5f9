package dev.asyncmysql.benchmarks.jdbc;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;

/**
 * The application of the systems that are reached through JDBC: nothing but what Spring
 * Boot configures from properties and class path.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
class JdbcApplication {

}
