/**
 * Tests of the deposits on their own.
 */
@NullMarked
package dev.asyncmysql.sample.deposit;

import org.jspecify.annotations.NullMarked;
