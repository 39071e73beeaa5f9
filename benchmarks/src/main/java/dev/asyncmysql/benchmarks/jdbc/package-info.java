/**
 * Systems that are reached through JDBC.
 */
@NullMarked
package dev.asyncmysql.benchmarks.jdbc;

import org.jspecify.annotations.NullMarked;
