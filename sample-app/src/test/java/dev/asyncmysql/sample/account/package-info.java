/**
 * Tests of the accounts on their own.
 */
@NullMarked
package dev.asyncmysql.sample.account;

import org.jspecify.annotations.NullMarked;
