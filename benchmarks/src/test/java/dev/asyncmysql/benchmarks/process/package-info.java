/**
 * Tests of the package.
 */
@NullMarked
package dev.asyncmysql.benchmarks.process;

import org.jspecify.annotations.NullMarked;
