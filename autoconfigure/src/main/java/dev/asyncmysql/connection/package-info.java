/**
 * Everything between settings and a lent connection.
 */
@NullMarked
package dev.asyncmysql.connection;

import org.jspecify.annotations.NullMarked;
