/**
 * Makes load for a time and measures what it cost.
 */
@NullMarked
package dev.asyncmysql.benchmarks.load;

import org.jspecify.annotations.NullMarked;
