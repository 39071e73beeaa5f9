/**
 * Load over HTTP.
 */
@NullMarked
package dev.asyncmysql.benchmarks.http;

import org.jspecify.annotations.NullMarked;
