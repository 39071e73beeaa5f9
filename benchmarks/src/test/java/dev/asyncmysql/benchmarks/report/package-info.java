/**
 * Tests of the package.
 */
@NullMarked
package dev.asyncmysql.benchmarks.report;

import org.jspecify.annotations.NullMarked;
