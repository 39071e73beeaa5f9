/**
 * Tests of the package.
 */
@NullMarked
package dev.asyncmysql.benchmarks;

import org.jspecify.annotations.NullMarked;
