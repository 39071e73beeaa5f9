/**
 * Tests of the package.
 */
@NullMarked
package dev.asyncmysql.benchmarks.load;

import org.jspecify.annotations.NullMarked;
