/**
 * Runs each system in a process of its own.
 */
@NullMarked
package dev.asyncmysql.benchmarks.process;

import org.jspecify.annotations.NullMarked;
