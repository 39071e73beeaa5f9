/**
 * The client of Vert.x.
 */
@NullMarked
package dev.asyncmysql.benchmarks.vertx;

import org.jspecify.annotations.NullMarked;
