/**
 * Tests of the package.
 */
@NullMarked
package dev.asyncmysql.benchmarks.workload;

import org.jspecify.annotations.NullMarked;
