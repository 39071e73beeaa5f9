/**
 * MySQL's protocol and nothing else: the limit of what a client can reach.
 */
@NullMarked
package dev.asyncmysql.benchmarks.raw;

import org.jspecify.annotations.NullMarked;
