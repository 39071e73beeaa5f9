package dev.asyncmysql.sample;

/**
 * What the application tells those who operate it, on the development database.
 */
class OperationMariaDbIT extends AbstractOperationTests {

}
