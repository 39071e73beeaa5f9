/**
 * What a system has to be able to do in order to be measured.
 */
@NullMarked
package dev.asyncmysql.benchmarks.peer;

import org.jspecify.annotations.NullMarked;
