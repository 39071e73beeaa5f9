/**
 * A small ledger: the application, and how it reports problems.
 */
@NullMarked
package dev.asyncmysql.sample;

import org.jspecify.annotations.NullMarked;
