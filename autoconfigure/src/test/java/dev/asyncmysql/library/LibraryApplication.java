package dev.asyncmysql.library;

import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * A library that knows its books, with all auto-configurations that the class path
 * offers.
 */
@SpringBootApplication(proxyBeanMethods = false)
public class LibraryApplication {

}
