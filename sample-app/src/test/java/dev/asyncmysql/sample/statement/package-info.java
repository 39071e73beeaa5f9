/**
 * Tests of the statements on their own.
 */
@NullMarked
package dev.asyncmysql.sample.statement;

import org.jspecify.annotations.NullMarked;
