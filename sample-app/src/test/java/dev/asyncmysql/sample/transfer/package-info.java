/**
 * Tests of the transfers on their own.
 */
@NullMarked
package dev.asyncmysql.sample.transfer;

import org.jspecify.annotations.NullMarked;
