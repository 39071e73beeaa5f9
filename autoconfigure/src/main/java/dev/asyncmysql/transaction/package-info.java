/**
 * Transactions.
 */
@NullMarked
package dev.asyncmysql.transaction;

import org.jspecify.annotations.NullMarked;
