/**
 * Systems that are reached through R2DBC.
 */
@NullMarked
package dev.asyncmysql.benchmarks.r2dbc;

import org.jspecify.annotations.NullMarked;
