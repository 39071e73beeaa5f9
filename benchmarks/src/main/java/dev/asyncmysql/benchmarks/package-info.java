/**
 * Measures this project beside its peers: what is run, in which order, and what comes
 * out.
 */
@NullMarked
package dev.asyncmysql.benchmarks;

import org.jspecify.annotations.NullMarked;
