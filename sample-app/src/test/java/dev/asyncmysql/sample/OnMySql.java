package dev.asyncmysql.sample;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.testcontainers.junit.jupiter.Testcontainers;

import org.springframework.context.annotation.Import;

/**
 * Runs a test on MySQL, in one container and one application context for all classes that
 * are marked; skips it where Docker does not answer.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Testcontainers(disabledWithoutDocker = true)
@Import(MySqlContainerConfiguration.class)
@interface OnMySql {

}
