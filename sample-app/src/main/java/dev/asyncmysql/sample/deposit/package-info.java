/**
 * Deposits: money that came in from outside, imported from an upload of any length.
 */
@NullMarked
package dev.asyncmysql.sample.deposit;

import org.jspecify.annotations.NullMarked;
