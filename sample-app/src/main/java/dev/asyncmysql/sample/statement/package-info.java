/**
 * Statements: what became of an account's money, streamed as fast as it is read.
 */
@NullMarked
package dev.asyncmysql.sample.statement;

import org.jspecify.annotations.NullMarked;
