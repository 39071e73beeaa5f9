/**
 * The work that every system does, and the data that it is done on.
 */
@NullMarked
package dev.asyncmysql.benchmarks.workload;

import org.jspecify.annotations.NullMarked;
