/**
 * A small ledger.
 */
@NullMarked
package dev.asyncmysql.sample;

import org.jspecify.annotations.NullMarked;
