/**
 * The database server: starts it, loads the data, reads its counters.
 */
@NullMarked
package dev.asyncmysql.benchmarks.server;

import org.jspecify.annotations.NullMarked;
