/**
 * Tests of the whole ledger.
 */
@NullMarked
package dev.asyncmysql.sample;

import org.jspecify.annotations.NullMarked;
